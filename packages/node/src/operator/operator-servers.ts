/** What whoever runs the member listens to: metrics for their Prometheus, a page for themselves. */
import type { NodeConfig } from '../config.ts';
import type { MemberMetrics } from '../metrics/member-metrics.ts';
import { startMemberMetrics } from '../metrics/metrics-server.ts';
import type { MemberWatch } from '../status/member-watch.ts';
import type { ZoneServer } from '../zone-server.ts';
import { startOperatorPage } from './operator-page.ts';

/** Serves both where the configuration wants them; throws `listen_failed`. */
export async function startOperatorServers(
  config: NodeConfig,
  parts: {
    readonly metrics: MemberMetrics;
    readonly zone: Pick<ZoneServer, 'traffic'>;
    readonly watch: MemberWatch;
  },
): Promise<AsyncDisposable & { readonly addresses: Readonly<Record<string, string>> }> {
  await using starting = new AsyncDisposableStack();
  const metrics = starting.use(await startMemberMetrics(config, parts.metrics, parts));
  const page = starting.use(await startOperatorPage(config, parts.watch));
  const running = starting.move();
  return {
    addresses: {
      ...(metrics && { metrics: metrics.address }),
      ...(page && { operator: page.address }),
    },
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}
