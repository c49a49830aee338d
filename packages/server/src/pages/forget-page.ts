/**
 * For pages that show what belongs to somebody: browsers keep pages for the back button as they were left, also those
 * that are not to be stored. Such a page is left blank and loaded again on return, so that nobody finds it after a sign-out.
 */
export const FORGET_PAGE =
  "addEventListener('pagehide',()=>{document.documentElement.hidden=true});addEventListener('pageshow',(event)=>{if(event.persisted)location.reload()})"
