/** A codec as users write them: AES-GCM over the data and the metadata, bound to what they belong to. */

import type { Codec, CodecItem } from '../../src/store/codec.ts';

/** Makes a codec with a fresh key. It notes what passes through it. */
export async function encryptingCodec() {
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt', 'decrypt']);
  const seen: { readonly way: 'encode' | 'decode'; readonly items: readonly CodecItem[] }[] = [];
  const boundTo = ({ kind, streamId, type }: CodecItem): Uint8Array<ArrayBuffer> =>
    new TextEncoder().encode(JSON.stringify([kind, streamId, type]));
  const encrypt = async (item: CodecItem, text: string): Promise<string> => {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const algorithm = { name: 'AES-GCM', iv, additionalData: boundTo(item) };
    const sealed = await crypto.subtle.encrypt(algorithm, key, new TextEncoder().encode(text));
    return `${Buffer.from(iv).toString('base64')}.${Buffer.from(sealed).toString('base64')}`;
  };
  const decrypt = async (item: CodecItem, text: string): Promise<string> => {
    const [iv = '', sealed = ''] = text.split('.');
    const algorithm = { name: 'AES-GCM', iv: Buffer.from(iv, 'base64'), additionalData: boundTo(item) };
    return new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, key, Buffer.from(sealed, 'base64')));
  };
  const sealedOf = (text: string): string => {
    const parsed: unknown = JSON.parse(text);
    return String(typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'sealed') : parsed);
  };
  const codec: Codec = {
    encode: async (items) => {
      seen.push({ way: 'encode', items });
      return await Promise.all(
        items.map(async (item) => ({
          data: JSON.stringify(await encrypt(item, item.data)),
          metadata: JSON.stringify({ sealed: await encrypt(item, item.metadata) }),
        })),
      );
    },
    decode: async (items) => {
      seen.push({ way: 'decode', items });
      return await Promise.all(
        items.map(async (item) => ({
          data: await decrypt(item, sealedOf(item.data)),
          metadata: item.kind === 'event' ? await decrypt(item, sealedOf(item.metadata)) : item.metadata,
        })),
      );
    },
  };
  return { codec, seen };
}
