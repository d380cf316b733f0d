/** Serves the metrics, and nothing else, to whoever reaches the address: it should be the operator. */
import type { NodeConfig } from '../config.ts';
import { startSmallServer } from '../operator/small-server.ts';
import type { SmallServer } from '../operator/small-server.ts';
import type { MemberWatch } from '../status/member-watch.ts';
import type { ZoneServer } from '../zone-server.ts';
import type { MemberMetrics } from './member-metrics.ts';

const contentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Serves a member's metrics where the configuration wants them; throws `listen_failed`. */
export async function startMemberMetrics(
  { metrics: at }: NodeConfig,
  metrics: MemberMetrics,
  parts: {
    readonly zone: Pick<ZoneServer, 'traffic'>;
    readonly watch: Pick<MemberWatch, 'status'>;
  },
): Promise<SmallServer | undefined> {
  const { zone, watch } = parts;
  if (at === undefined) return undefined;
  return await startSmallServer(at.listen, 'the metrics', async ({ method, url }) => {
    if (method !== 'GET' || url !== '/metrics')
      return { status: 404, headers: { 'content-type': contentType }, body: 'there is /metrics\n' };
    const status = await watch.status();
    const { datagrams, otherQueries } = zone.traffic();
    const body = metrics.text({ datagrams, streamQueries: otherQueries, status });
    return { status: 200, headers: { 'content-type': contentType }, body };
  });
}
