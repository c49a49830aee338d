/** The addresses of what the script tag loads from the hub: see vite.config.ts. */
declare module 'virtual:isthmus/parts' {
  export const diagnosis: string
  export const features: string
  export const page: string
  export const travel: string
}
