import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { seriousFindings } from './visit';

const PICTURES = resolve('.mooring/pictures');

const VIEWS = {
  light: { width: 1280, height: 800, colorScheme: 'light' },
  dark: { width: 1280, height: 800, colorScheme: 'dark' },
  phone: { width: 390, height: 844, colorScheme: 'light' },
  narrow: { width: 320, height: 640, colorScheme: 'dark' },
} as const;
export type ViewName = keyof typeof VIEWS;
const ALL: ViewName[] = ['light', 'dark', 'phone'];
const DRAWN = ['color-contrast', 'target-size', 'scrollable-region-focusable'];

/**
 * Draws a state light, dark and on a phone: the pictures lie in .mooring/pictures to be looked at, beside those of the look.
 * Held here: nothing that axe calls serious (the rules that look at the tree are asked once for each state, those that look
 * at what is drawn in the dark too, and on a phone where that differs), no sideways scrolling, no words that are cut off.
 */
export async function examine(
  page: Page,
  { state, views = ALL, touched = false }: { state: string; views?: ViewName[]; touched?: boolean },
): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  for (const view of views) {
    const { colorScheme, ...size } = VIEWS[view];
    await page.setViewportSize(size);
    // Colours that are still changing have no contrast yet.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    if (view !== 'phone' || views.length === 1 || touched) {
      const rules = view === views[0] ? undefined : DRAWN;
      expect({ view, serious: await seriousFindings(page, rules) }).toEqual({ view, serious: [] });
    }
    expect({ view, wide: await page.evaluate(WIDE) }).toEqual({ view, wide: [] });
    expect({ view, cut: await page.evaluate(CUT_OFF) }).toEqual({ view, cut: [] });
    await page.screenshot({ path: `${PICTURES}/${state}-${view}.png` });
  }
}

/** What would be scrolled sideways, of the page and of its main part where that is a page of its own. */
const WIDE = `[document.documentElement, ...document.querySelectorAll('.main:has(> .page)')]
  .filter((node) => node.scrollWidth > node.clientWidth)
  .map((node) => node.tagName + ' ' + node.scrollWidth)`;

/** Buttons, headings and notices whose words do not fit in them. */
const CUT_OFF = `[...document.querySelectorAll('.btn, .ask h2, .decide h1, .notice, .badge, dialog h2, .turn-foot span')]
  .filter((node) => node.clientWidth > 0 && node.scrollWidth > node.clientWidth + 1 && !node.matches('.sr'))
  .map((node) => node.outerHTML.slice(0, 120))`;
