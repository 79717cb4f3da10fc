/** Whatever it says that it is, it is only saved. */
export function saveFile(name: string, content: ArrayBuffer | string): void {
  const href = URL.createObjectURL(new Blob([content], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = href;
  link.download = name;
  link.click();
  URL.revokeObjectURL(href);
}
