import createDOMPurify from 'dompurify';

const purify = createDOMPurify(window);
const CLEAN = {
  USE_PROFILES: { svg: true, svgFilters: true },
  FORBID_TAGS: ['style'],
  FORBID_ATTR: ['style'],
  RETURN_DOM_FRAGMENT: true as const,
};

const WITHIN = /^(?:#|data:image\/(?:png|jpeg|gif|webp);)/i;
// Attributes such as fill are read as CSS: its ways to name a file, and the escapes that would hide them.
const ELSEWHERE = /url\((?!\s*["']?#)|(?:src|image|image-set)\(|\\/i;

/** References stay within the picture: nothing is named that lies elsewhere. */
purify.addHook('uponSanitizeAttribute', (_node, data) => {
  const isReference = /(?:^|:)href$/.test(data.attrName);
  if (isReference ? !WITHIN.test(data.attrValue) : ELSEWHERE.test(data.attrValue)) data.keepAttr = false;
});

/**
 * An agent's SVG as an address for an image, or null when there is no picture in it. In an image nothing runs and
 * nothing is loaded; it is cleaned besides, since a person may keep it and open it elsewhere.
 */
export function pictureUrl(svg: string): string | null {
  const root = purify.sanitize(svg, CLEAN).querySelector('svg');
  if (root === null) return null;
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(root))}`;
}
