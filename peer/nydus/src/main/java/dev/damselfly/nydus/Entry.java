package dev.damselfly.nydus;

/// One name in a directory, and the inode it names. `.` and `..` are never listed.
public record Entry(Name name, Node node) {}
