package dev.damselfly.manager.application;

/// An application with its number.
public record Application(long id, ApplicationSpec spec) {}
