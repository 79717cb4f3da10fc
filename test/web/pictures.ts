/** All ways of an SVG to run something or to load something from elsewhere, and two paints of its own. */
export const HOSTILE = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 40 40" onload="document.title='run'">
  <script>document.title = 'run'; fetch('/run')</script>
  <style>@import url('https://evil.example/style.css'); rect { fill: url(https://evil.example/fill.svg#a) }</style>
  <image href="https://evil.example/pixel.png" xlink:href="https://evil.example/pixel.png" width="9" height="9" onerror="document.title='run'"/>
  <foreignObject width="40" height="40"><iframe xmlns="http://www.w3.org/1999/xhtml" src="https://evil.example/frame"></iframe><body xmlns="http://www.w3.org/1999/xhtml"><img src="https://evil.example/img.png" onerror="document.title='run'"/></body></foreignObject>
  <a xlink:href="javascript:document.title='run'"><rect width="40" height="40" fill="#0c5666"/></a>
  <g style="fill: url(https://evil.example/style.svg#a)" mask="url(https://evil.example/mask.svg#a)">
    <path d="M0 0h1" fill="url( 'https://evil.example/fill.svg#a')" stroke="u\\72l(https://evil.example/s.svg#a)"/>
    <path d="M0 0h2" cursor="image-set('https://evil.example/cursor.png' 1x), auto" filter="URL(&#x68;ttps://evil.example/f)"/>
  </g>
  <linearGradient id="own"><stop stop-color="#fff"/></linearGradient>
  <circle r="3" fill="url(#own)" stroke="url('#own')"/>
  <animate onbegin="document.title='run'" attributeName="x" dur="1s"/>
</svg>`;

export const PLAIN =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 3 3"><path fill="#fff" d="M0 0h3v3H0z"/><path stroke="#000" d="M1 1.5h1"/></svg>';
