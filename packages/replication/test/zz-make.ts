import { foundFederation, openReplica } from './support/federation.ts';
import { Holder, submissionOf } from './support/holder.ts';
import { memoryStore, encodeLogBatch } from '../src/index.ts';
import { writeFileSync, mkdirSync } from 'node:fs';
const N = Number(process.argv[2] ?? 4000), U = Number(process.argv[3] ?? 3);
const fed = await foundFederation();
const alpha = await openReplica(fed, 'alpha', { store: memoryStore() });
const beta = await openReplica(fed, 'beta', { store: memoryStore() });
const holders = Array.from({length: N}, (_, i) => new Holder(`tel:+4915${String(100000000+i)}`));
let n = 0; mkdirSync('/tmp/rbench/pages', {recursive: true});
async function dump(s: any, from: number, kind: string) {
  let at = from; let k = 0; 
  for (;;) { const p = await s.page(s.origin, at); if (!p || !p.leaves.length) break; at += p.leaves.length; writeFileSync(`/tmp/rbench/pages/${String(n++).padStart(5,'0')}-${kind}-${p.leaves.length}`, encodeLogBatch(p)); }
}
async function pull(r: any, s: any) { for (;;) { const p = await s.page(s.origin, r.expectedSize(s.origin)); if (!p || p.leaves.length === 0) break; const v = await r.ingest(p); if (v.verdict !== 'accept') throw new Error(v.code); } }
const regs = await Promise.all(holders.map((h) => h.register()));
for (let i = 0; i < N; i += 250) await Promise.all(regs.slice(i, i+250).map((m) => alpha.log(submissionOf(m, 'challenged'))));
await pull(beta, alpha);
await new Promise(r => setTimeout(r, 3000));
await dump(alpha, 0, 'reg'); await dump(beta, 0, 'wit');
await pull(alpha, beta);
const size = alpha.logSizes()[0]!.size;
for (let u = 0; u < U; u++) {
  const order = holders.toSorted(() => Math.random() - .5);
  const ups = await Promise.all(order.map((h) => h.update(`sip:u${u}@sip.test`)));
  for (let i = 0; i < N; i += 250) { const vs = await Promise.all(ups.slice(i, i+250).map((m) => alpha.log(submissionOf(m, 'received')))); for (const v of vs) if (v.verdict !== 'accept') throw new Error(v.code); }
}
await dump(alpha, size, 'upd');
process.exit(0);
