'use client'

import { cookieMirror } from '@isthmus/client'
import { IsthmusProvider, type IsthmusProviderProps } from '@isthmus/client/react'
import type { options } from '../isthmus.ts'

interface Props extends Pick<IsthmusProviderProps, 'initial' | 'children'> {
  readonly options: typeof options
}

/** The page keeps a token for its server. A mirror is a value: it is made here, since no server component can hand it over. */
export function SessionProvider({ options, ...rest }: Props) {
  return <IsthmusProvider session={{ ...options, mirror: cookieMirror() }} {...rest} />
}
