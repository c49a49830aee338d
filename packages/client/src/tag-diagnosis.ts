export { part } from './diagnosis/diagnosis-part.ts'
export { faultsOf } from './tag-faults.ts'
