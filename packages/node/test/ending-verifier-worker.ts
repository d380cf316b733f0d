/** A verifier thread that ends when it is given something. */
import { parentPort } from 'node:worker_threads';

parentPort!.on('message', () => {
  throw new Error('this thread ends');
});
