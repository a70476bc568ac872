import { isDigest } from '@slipway/domain';
import type { Descriptor } from '@slipway/ports';
import { mediaTypes } from './media-types.ts';
import { asObject, asTexts, type JsonObject, parseJsonObject } from './parse-json.ts';

/** What a manifest needs of its repository. */
export interface ParsedManifest {
  readonly mediaType: string;
  readonly kind: 'image' | 'index';
  /** Config and layers of an image; empty for an index. */
  readonly blobs: readonly Descriptor[];
  /** Manifests of an index; empty for an image. */
  readonly manifests: readonly (Descriptor & { readonly platform?: JsonObject })[];
  readonly subject?: Descriptor;
  /** As the referrers list shows it: the manifest's own, else the config's media type. */
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Reads an image manifest or index.
 *
 * @param mediaType - as the transport named it; must agree with the field of that name where both are given.
 * @returns absent when the bytes are no manifest by image-spec 1.1.
 */
export function parseManifest(bytes: Uint8Array, mediaType: string): ParsedManifest | undefined {
  const json = parseJsonObject(bytes);
  if (json === undefined || json['schemaVersion'] !== 2) return undefined;
  if (json['mediaType'] !== undefined && json['mediaType'] !== mediaType) return undefined;
  const subject = json['subject'] === undefined ? undefined : parseDescriptor(json['subject']);
  if (json['subject'] !== undefined && subject === undefined) return undefined;
  const isIndex = mediaType === mediaTypes.index || mediaType === mediaTypes.dockerIndex;
  const isImage = mediaType === mediaTypes.manifest || mediaType === mediaTypes.dockerManifest;
  const body = isIndex ? parseIndexBody(json) : isImage ? parseImageBody(json) : undefined;
  if (body === undefined) return undefined;
  const ownType = typeof json['artifactType'] === 'string' ? json['artifactType'] : undefined;
  const artifactType = ownType ?? (isImage ? body.blobs[0]?.mediaType : undefined);
  return {
    mediaType,
    ...body,
    ...(subject === undefined ? {} : { subject }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(json['annotations'] === undefined ? {} : { annotations: asTexts(json['annotations']) }),
  };
}

type Body = Pick<ParsedManifest, 'kind' | 'blobs' | 'manifests'>;

function parseImageBody(json: JsonObject): Body | undefined {
  if (!Array.isArray(json['layers'])) return undefined;
  const parts: readonly unknown[] = [json['config'], ...(json['layers'] as readonly unknown[])];
  const blobs = parts.map(parseDescriptor).filter((part) => part !== undefined);
  return blobs.length === parts.length ? { kind: 'image', blobs, manifests: [] } : undefined;
}

function parseIndexBody(json: JsonObject): Body | undefined {
  if (!Array.isArray(json['manifests'])) return undefined;
  const parts: readonly unknown[] = json['manifests'];
  const manifests = parts.map(parsePlatformDescriptor).filter((part) => part !== undefined);
  return manifests.length === parts.length ? { kind: 'index', blobs: [], manifests } : undefined;
}

function parsePlatformDescriptor(value: unknown): ParsedManifest['manifests'][number] | undefined {
  const descriptor = parseDescriptor(value);
  const platform = asObject(asObject(value)?.['platform']);
  return descriptor === undefined ? undefined : { ...descriptor, ...(platform === undefined ? {} : { platform }) };
}

/** @returns absent when the value is no descriptor with a SHA-256 digest. */
export function parseDescriptor(value: unknown): Descriptor | undefined {
  const json = asObject(value);
  const { mediaType, digest, size } = json ?? {};
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || !isDigest(digest)) return undefined;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
  return {
    mediaType,
    digest,
    size,
    ...(json?.['annotations'] === undefined ? {} : { annotations: asTexts(json['annotations']) }),
  };
}
