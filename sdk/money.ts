/** Amounts come and go as decimal strings; whoever adds them up does it in millionths, never in floats. */
export { formatUsdc, parseUsdc } from '../domain/money';
