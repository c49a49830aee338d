import { createIsthmus, useSession, type Verdict } from '@isthmus/client/vue'
import { type App, createSSRApp, defineComponent, h } from 'vue'

const Menu = defineComponent({
  setup() {
    const { current, signIn, signOut } = useSession()
    return { current, signIn, signOut }
  },
  render() {
    const { current, signIn, signOut } = this
    if (current.status === 'signed-in')
      return h('button', { onClick: () => signOut() }, `Sign out, ${current.user.sub}`)
    if (current.status === 'signed-out') return h('button', { onClick: () => signIn() }, 'Sign in')
    return h('p', 'One moment …')
  },
})

export function createShop(initial?: Verdict): App {
  const app = createSSRApp(Menu)
  app.use(createIsthmus({ session: { hub: 'https://auth.example.com' }, initial }))
  return app
}
