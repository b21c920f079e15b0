package dev.damselfly.nydus;

/// Place of a table in a bootstrap.
record Table(long offset, long size) {
  long end() {
    return offset + size; // cannot overflow: both were compared with the length of the file
  }

  boolean meets(long start, long finish) {
    return size > 0 && offset < finish && start < end();
  }
}
