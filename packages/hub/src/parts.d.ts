/** The addresses of what the hub page loads when it needs it: see vite.config.ts. */
declare module 'virtual:isthmus/parts' {
  export const key: string
  export const worker: string
}
