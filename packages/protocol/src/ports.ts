/** Time and chance, as every package receives them; production passes the system's. */

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
}

/** A source of random bytes that nobody can predict. */
export interface Random {
  /** Returns `size` bytes fit for keys. */
  bytes(size: number): Uint8Array;
}
