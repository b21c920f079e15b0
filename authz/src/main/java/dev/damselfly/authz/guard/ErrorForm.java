package dev.damselfly.authz.guard;

import dev.damselfly.api.error.RequestFailure;
import io.grpc.StatusRuntimeException;

/// How the callers of a server read failures: each server has one form. Pure.
@FunctionalInterface
interface ErrorForm {
  StatusRuntimeException of(RequestFailure failure);
}
