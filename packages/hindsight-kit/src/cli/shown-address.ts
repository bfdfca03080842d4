/** Addresses as they are shown. */

/** The address without the password that it may hold: what is printed is kept in logs. */
export function shownAddress(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  url.password = '';
  if (url.searchParams.has('password')) url.searchParams.delete('password');
  return url.href === new URL(address).href ? address : url.href;
}
