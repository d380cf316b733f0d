/** Tokens for look-ups without identity; apart from the rest, since not everybody wants them. */
export { fetchTokens } from './fetch-tokens.ts';
export type {
  FetchedTokens,
  FetchTokensOptions,
  HeldToken,
  TokenOwner,
  TokenRefusal,
} from './fetch-tokens.ts';
export { fillWallet } from './fill-wallet.ts';
export type { FilledWallet, FillWalletOptions } from './fill-wallet.ts';
export { TokenWallet } from './token-wallet.ts';
export type { WalletStore } from './token-wallet.ts';
