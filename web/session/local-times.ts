import { timeInWords, zoneInWords } from '../../sdk/time-words';
import type { TimeStyle } from '../../sdk/time-words';

const isStyle = (style: string | undefined): style is TimeStyle => style === 'day' || style === 'short';

/** What the server has written in UTC, in the time zone of whoever reads it. */
export function localiseTimes(root: ParentNode): void {
  for (const node of root.querySelectorAll<HTMLTimeElement>('time[data-style]')) {
    const { style } = node.dataset;
    if (isStyle(style)) node.textContent = timeInWords(node.dateTime, style);
  }
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  for (const node of root.querySelectorAll('[data-zone]')) node.textContent = zoneInWords(timeZone);
}
