/**
 * Base64 in the standard alphabet with padding (RFC 4648), by the functions that browsers and Node share.
 */

/** The base64 text of bytes. */
export function base64OfBytes(bytes: Uint8Array): string {
  let binary = '';
  // A call takes only so many arguments; 8 KiB at a time is safe everywhere.
  for (let start = 0; start < bytes.length; start += 8192)
    binary += String.fromCharCode(...bytes.subarray(start, start + 8192));
  return btoa(binary);
}

/** The bytes of base64 text. */
export function bytesOfBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
