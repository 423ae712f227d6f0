"""What an image is. To be read from top to bottom; a module imports only those above it.

A *layer* is a set of changes to files, kept as a tar. A *config* is JSON: how to run, and the layers'
DiffIDs, the digests of their tars. A *manifest* is JSON, too: the digests of the config and of the layers
as they travel, compressed. An *index* lists manifests by platform, and a name points to one or the other.
The OCI's image-spec defines all this; moby is Docker's engine, distribution its registry, containerd what
runs below it.

- `digest`: bytes are named by their hash, a stack of layers by a hash of all its layers' DiffIDs.
- `content`: what a file holds is a promise, read in pieces when it is asked for.
- `blob`: bytes of a known size, most often in a file: read at any place, written whole or not at all.
- `gzip`: compressed bytes as content, and content as a gzip file whose bytes are always the same.
- `tree`: a file system is a value; a change makes another one. How a path leads through links.
- `changeset`: a layer is a tree too, with marks for what it hides; laid over another, it makes a third.
- `tar`: an archive is a list of headers, each with a place where its data is.
- `tar_reader`: from such a list to a changeset.
- `tar_writer`: from a changeset to the very bytes that Docker writes.
- `layer`: a changeset and its tar, under the tar's digest, the DiffID.
- `descriptor`: how one document names another, and which machine it is for.
- `manifest`: what a registry keeps of an image, and of an image for several machines.
- `config`: how to run it, the DiffIDs of its layers, its history; the digest of its bytes is the image's ID.
- `image`: a config with its layers, and what must fit together.
- `reference`: what people call it.
- `account`: which bytes nobody sees, because of which layer, and why.

On a first reading skip NameTable and PathWalk in `tree`, the decoders of `gzip`, the fields of `tar` and
`tar_writer`, and the platforms of `descriptor`. JSON is read by `labkit.go.struct`, as Go fills its structs.
"""
