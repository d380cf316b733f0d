/** Answers of the engines' self-test: the client's address and port, then the query backwards. */
import type { WorkerResponder } from './datagram-engine.ts';

export function createWorkerResponder(): WorkerResponder {
  return {
    respondInto(query, out, client) {
      const { octets, port } = client;
      out.set(octets);
      out[octets.length] = port >> 8;
      out[octets.length + 1] = port & 0xff;
      const start = octets.length + 2;
      for (let index = 0; index < query.length; index += 1)
        out[start + index] = query[query.length - 1 - index]!;
      return start + query.length;
    },
  };
}
