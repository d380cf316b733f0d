/** Tokens for look-ups without identity; apart from the rest, since not everybody wants them. */
export { fetchTokens } from './fetch-tokens.ts';
export type {
  FetchedTokens,
  FetchTokensOptions,
  HeldToken,
  TokenOwner,
  TokenRefusal,
} from './fetch-tokens.ts';
export { TokenWallet } from './token-wallet.ts';
export type { WalletStore } from './token-wallet.ts';
