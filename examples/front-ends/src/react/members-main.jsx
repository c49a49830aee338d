import { IsthmusProvider } from '@isthmus/client/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Members } from './members.jsx'

createRoot(document.getElementById('app')).render(
  <StrictMode>
    <IsthmusProvider session={{ hub: 'http://auth.localhost:4000' }}>
      <Members />
    </IsthmusProvider>
  </StrictMode>,
)
