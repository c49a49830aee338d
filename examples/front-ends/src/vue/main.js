import { createIsthmus } from '@isthmus/client/vue'
import { createApp } from 'vue'
import App from './app.vue'

createApp(App)
  .use(createIsthmus({ session: { hub: 'http://auth.localhost:4000' } }))
  .mount('#app')
