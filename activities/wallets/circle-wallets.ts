import type { AccountType, Blockchain } from '@circle-fin/developer-controlled-wallets';
import type { OutsideWallet } from '../../db/wallet-moves';
import type { Circle } from '../../lib/circle';
import { stableKey } from '../../lib/stable-key';
import { ask, Wallets } from './circle-answers';

export interface WalletPlace {
  walletSetId: string;
  blockchain: Blockchain;
}

/** Opens a wallet for an account, under one key and the account as its reference; one that bears it is taken. */
export async function openCircleWallet(
  circle: Circle,
  { walletSetId, blockchain }: WalletPlace,
  account: string,
): Promise<OutsideWallet> {
  const { wallets: before } = await ask(Wallets, 'a list of wallets', () =>
    circle.listWallets({ walletSetId, blockchain, refId: account }),
  );
  const { wallets } =
    before.length > 0
      ? { wallets: before }
      : await ask(Wallets, 'the opening of a wallet', () =>
          circle.createWallets({
            idempotencyKey: stableKey('wallet', blockchain, account),
            walletSetId,
            blockchains: [blockchain],
            count: 1,
            accountType: accountTypeOf(blockchain),
            metadata: [{ name: account, refId: account }],
          }),
        );
  const ours = wallets.find(({ refId }) => refId === account);
  if (ours === undefined) throw new Error(`Circle opened no wallet for ${account}`);
  return { account, walletId: ours.id, address: ours.address };
}

/** Where a wallet can be a contract, Circle's gas station pays what the chain takes. */
const accountTypeOf = (blockchain: Blockchain): AccountType =>
  /^(SOL|APTOS|NEAR)/.test(blockchain) ? 'EOA' : 'SCA';
