/** Publish and subscribe within one process. */
export interface Topics {
  publish(topic: string): void
  /** Calls every subscriber: something may have been published that was not heard. */
  publishAll(): void
  subscribe(topic: string, listener: () => void): () => void
  /** Ends every subscription. */
  clear(): void
}

/**
 * Listeners run in a microtask of their own: one that throws robs neither the publisher nor the other listeners,
 * and one whose subscription ended is never called again.
 */
export function createTopics(): Topics {
  const topics = new Map<string, Set<{ listener: () => void }>>()

  function publish(topic: string): void {
    const subscriptions = topics.get(topic)
    for (const subscription of subscriptions ?? []) {
      queueMicrotask(() => {
        if (subscriptions?.has(subscription)) subscription.listener()
      })
    }
  }

  return {
    publish,

    publishAll() {
      for (const topic of topics.keys()) publish(topic)
    },

    subscribe(topic, listener) {
      const subscriptions = topics.get(topic) ?? new Set()
      topics.set(topic, subscriptions)
      // An object per subscription: the same function may subscribe twice, and each ends alone.
      const subscription = { listener }
      subscriptions.add(subscription)
      return () => {
        subscriptions.delete(subscription)
        if (subscriptions.size === 0 && topics.get(topic) === subscriptions) topics.delete(topic)
      }
    },

    clear() {
      for (const subscriptions of topics.values()) subscriptions.clear()
      topics.clear()
    },
  }
}
