import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { foundFederation, openReplica } from './support/federation.ts';
import { openLevelStore, memoryStore, parseLogBatch } from '../src/index.ts';
import { rmSync, readdirSync, readFileSync } from 'node:fs';
const fed = await foundFederation();
rmSync('/tmp/rbench/c', {recursive: true, force: true});
const store = process.env.MEM ? memoryStore() : await openLevelStore('/tmp/rbench/c', { cacheBytes: 64<<20 });
const gamma = await openReplica(fed, 'gamma', { store, clock: {nowMs: () => Date.now() + 86400e3} });
const files = readdirSync('/tmp/rbench/pages').map(f => ({kind: f.split('-')[1], n: Number(f.split('-')[2]), bytes: readFileSync('/tmp/rbench/pages/'+f)}));
const signer = crypto.ed25519Signer(new Uint8Array(32).fill(3));
const big = new Uint8Array(380).fill(1); const bs = signer.sign(big);
function raw() { const c0 = process.threadCpuUsage(); for (let i = 0; i < 4000; i++) crypto.ed25519Verify(big, bs, signer.publicKey); const c = process.threadCpuUsage(c0); return (c.user+c.system)/4000; }
raw();
for (const kind of ['reg', 'wit', 'upd']) {
  const v1 = raw(); let n = 0;
  const w = performance.now(), c0 = process.cpuUsage(), t0 = process.threadCpuUsage();
  for (const f of files.filter(f => f.kind === kind)) { const b = parseLogBatch(f.bytes); if (b.verdict !== 'accept') throw new Error(b.code); const v = await gamma.ingest(b.value); if (v.verdict !== 'accept') throw new Error(v.code); n += f.n; }
  const wall = (performance.now()-w)*1e3/n, c = process.cpuUsage(c0), t = process.threadCpuUsage(t0);
  const v2 = raw(); const v = (v1+v2)/2, cpu = (c.user+c.system)/n, main = (t.user+t.system)/n;
  console.log(kind, n, 'wall', wall.toFixed(0), 'cpu', cpu.toFixed(0), 'main', main.toFixed(0), 'verify', v1.toFixed(0), v2.toFixed(0), 'ratio wall', (v/wall).toFixed(2), 'cpu', (v/cpu).toFixed(2), 'main', (v/main).toFixed(2));
}
process.exit(0);
