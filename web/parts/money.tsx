export function Money({ amount }: { amount: string }) {
  return (
    <span className="money">
      {amount} <abbr>USDC</abbr>
    </span>
  );
}
