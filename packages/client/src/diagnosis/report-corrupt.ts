/** Says that something lay in a place of ours which is not what we put there. Whoever says so takes it away, or says it once. */
export function reportCorrupt(place: string): void {
  console.warn(`isthmus: storage-corrupt: ${place} held what is not ours. It was ignored.`)
}
