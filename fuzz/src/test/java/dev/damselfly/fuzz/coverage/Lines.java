package dev.damselfly.fuzz.coverage;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.attribute.SourceFileAttribute;
import java.lang.classfile.instruction.LineNumber;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/// The lines that exist, and those that ran. Many threads may run lines; classes are taken in under a lock.
public final class Lines {
  private static final ClassDesc SELF = ClassDesc.of(Lines.class.getName());
  private static final MethodTypeDesc TAKES_NUMBER = MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_int);
  private static final boolean[] RAN = new boolean[1 << 20];
  private static final Map<Line, Integer> NUMBERS = new HashMap<>();

  private Lines() {}

  /// @param file with its package, `dev/damselfly/api/id/Hex.java`
  record Line(String file, int number) {}

  /// Called by the classes that were taken in.
  public static void ran(int number) {
    RAN[number] = true;
  }

  /// The class, with a call for each of its lines.
  static byte[] counted(byte[] type, ClassLoader loader) {
    var classFile = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(loader)));
    var model = classFile.parse(type);
    String name = model.thisClass().asInternalName();
    String source = model.findAttribute(java.lang.classfile.Attributes.sourceFile()).map(SourceFileAttribute::sourceFile).map(Object::toString).orElse("");
    String file = name.substring(0, name.lastIndexOf('/') + 1) + source;
    CodeTransform counting = (builder, element) -> {
      builder.with(element);
      if (element instanceof LineNumber line) {
        builder.loadConstant(number(new Line(file, line.line()))).invokestatic(SELF, "ran", TAKES_NUMBER);
      }
    };
    return classFile.transformClass(model, ClassTransform.transformingMethodBodies(counting));
  }

  private static synchronized int number(Line line) {
    return NUMBERS.computeIfAbsent(line, _ -> NUMBERS.size());
  }

  /// @param all lines of the file
  /// @param missed those that did not run
  record Covered(TreeSet<Integer> all, TreeSet<Integer> missed) {}

  static synchronized Map<String, Covered> files() {
    var files = new HashMap<String, Covered>();
    NUMBERS.forEach((line, number) -> {
      Covered covered = files.computeIfAbsent(line.file(), _ -> new Covered(new TreeSet<>(), new TreeSet<>()));
      covered.all().add(line.number());
      if (!RAN[number]) {
        covered.missed().add(line.number());
      }
    });
    return files;
  }
}
