import createDOMPurify from 'dompurify';

const purify = createDOMPurify(window);
const CLEAN = {
  USE_PROFILES: { svg: true, svgFilters: true },
  RETURN_DOM_FRAGMENT: true as const,
};

/** References stay within the picture: nothing is named that lies elsewhere. */
purify.addHook('uponSanitizeAttribute', (_node, data) => {
  if (!/(?:^|:)href$/.test(data.attrName)) return;
  data.keepAttr = /^(?:#|data:image\/(?:png|jpeg|gif|webp);)/i.test(data.attrValue);
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
