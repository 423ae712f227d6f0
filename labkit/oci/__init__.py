"""What an image is. To be read from top to bottom; a module imports only those above it.

- `digest`: bytes are named by their hash, a stack of layers by the hashes below it.
- `content`: what a file holds is a promise, read in pieces when it is asked for.
- `blob`: bytes in a file, read at any place, written whole or not at all.
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
- `account`: which layer each byte comes from, which bytes nobody sees, and why.
"""
