package dev.damselfly.api.assurance;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The rows of `threat-model/threats.yaml` that a test proves, for example `@Threat({"S-VTX-3", "F-23"})`.
@Retention(RetentionPolicy.CLASS)
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface Threat {
  String[] value();
}
