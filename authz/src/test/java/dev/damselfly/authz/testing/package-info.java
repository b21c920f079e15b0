/// Fakes and makers of test material for every module: certificates, clock, identity, audit, Workload API.
@NullMarked
package dev.damselfly.authz.testing;

import org.jspecify.annotations.NullMarked;
