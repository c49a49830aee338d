import type { Hub } from '@isthmus/server'
import type { AuditEntry } from '@isthmus/server/admin'
import type { LoadedConfig } from './config/load-config.ts'

/** The hub with the admin API, if its configuration has keys for it; what is not needed is not loaded. */
export async function withAdmin(
  hub: Hub,
  { hub: { origin }, admin }: Pick<LoadedConfig, 'hub' | 'admin'>,
  onAudit?: (entry: AuditEntry) => void,
): Promise<Hub> {
  if (!admin) return hub
  const { adminApi } = await import('@isthmus/server/admin')
  return adminApi({ hub, origin, keys: admin.keys, ...(onAudit && { onAudit }) })
}
