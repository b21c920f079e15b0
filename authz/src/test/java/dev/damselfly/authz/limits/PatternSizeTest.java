package dev.damselfly.authz.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.re2j.Pattern;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.InvalidValue;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class PatternSizeTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "((((((((a?){9}){9}){9}){9}){9}){9}){9})",
        "((a{100}){100}){100}",
        "(?:a{1000}){1000}",
        "(a{1000}){1000,}",
        "(a{1000})\\Q\\E{1000}",
        "(a{1000})(?i){1000}",
        "(a{1000}){0,99999999999999999999}",
        "([ab]{999}){99}"
      })
  @Threat("B-35")
  void require_refusesWhatGrowsBeyondTheBound(String pattern) {
    assertThatThrownBy(() -> PatternSize.require(pattern)).isInstanceOf(InvalidValue.class).hasMessageNotContaining(pattern);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "^https?://[a-z0-9-]{1,63}[.]example[.]org/(v[0-9]{1,3}/){1,4}",
        "[0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}",
        "sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}",
        "\\x{10FFFF}\\p{Greek}{", "a{,5}", "x{1000}"
      })
  void require_takesWhatRulesNeed(String pattern) {
    assertThatCode(() -> PatternSize.require(pattern)).doesNotThrowAnyException();
    assertThat(Pattern.compile(pattern).programSize()).isLessThan(2 * PatternSize.MAX);
  }
}
