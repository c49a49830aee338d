import { type DefineSetupFnComponent, defineComponent, type EmitsOptions, type SlotsType } from 'vue'
import { type Granted, granted, type SignedOutSnapshot, type UnknownSnapshot } from '../bindings/signed-in.ts'
import { useSession } from './use-session.ts'

/** A component without props, that shows its slots in one state. */
type InState<Slots extends object> = DefineSetupFnComponent<Record<never, never>, EmitsOptions, SlotsType<Slots>>

/**
 * Shown to a user whom this site admits: `<SignedIn v-slot="{ user }">`. The slot `denied` is shown instead to users
 * whom this site's groups do not admit.
 */
export const SignedIn: InState<{ default?: Granted; denied?: Record<never, never> }> = defineComponent(
  (_: Record<never, never>, { slots }) => {
    const { snapshot } = useSession()
    return () => {
      const user = granted(snapshot.value)
      if (user) return slots.default?.(user)
      return snapshot.value.status === 'signed-in' ? slots.denied?.({}) : undefined
    }
  },
  { name: 'SignedIn', slots: Object as SlotsType<{ default?: Granted; denied?: Record<never, never> }> },
)

/** Shown while the hub says that nobody is signed in: `<SignedOut v-slot="{ reason }">`. */
export const SignedOut: InState<{ default?: SignedOutSnapshot }> = defineComponent(
  (_: Record<never, never>, { slots }) => {
    const { snapshot } = useSession()
    return () => (snapshot.value.status === 'signed-out' ? slots.default?.(snapshot.value) : undefined)
  },
  { name: 'SignedOut', slots: Object as SlotsType<{ default?: SignedOutSnapshot }> },
)

/** Shown while nothing definite is known, at first and where the hub cannot be asked: `<Unknown v-slot="{ reason }">`. */
export const Unknown: InState<{ default?: UnknownSnapshot }> = defineComponent(
  (_: Record<never, never>, { slots }) => {
    const { snapshot } = useSession()
    return () => (snapshot.value.status === 'unknown' ? slots.default?.(snapshot.value) : undefined)
  },
  { name: 'Unknown', slots: Object as SlotsType<{ default?: UnknownSnapshot }> },
)
