import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

public class Crash_49409e2ff7d5128800241b6754c9e8bfa03d9d13 {
    static final String base64Bytes = String.join("", "CXVuaXg6L3NoYTI1NnNwaXJlL2FnZW50LnNvY2s=");

    public static void main(String[] args) throws Throwable {
        Crash_49409e2ff7d5128800241b6754c9e8bfa03d9d13.class.getClassLoader().setDefaultAssertionStatus(true);
        try {
            Method fuzzerInitialize = dev.damselfly.fuzz.TextValuesFuzz.class.getMethod("fuzzerInitialize");
            fuzzerInitialize.invoke(null);
        } catch (NoSuchMethodException ignored) {
            try {
                Method fuzzerInitialize = dev.damselfly.fuzz.TextValuesFuzz.class.getMethod("fuzzerInitialize", String[].class);
                fuzzerInitialize.invoke(null, (Object) args);
            } catch (NoSuchMethodException ignored1) {
            } catch (IllegalAccessException | InvocationTargetException e) {
                e.printStackTrace();
                System.exit(1);
            }
        } catch (IllegalAccessException | InvocationTargetException e) {
            e.printStackTrace();
            System.exit(1);
        }
        byte[] input = java.util.Base64.getDecoder().decode(base64Bytes);
        dev.damselfly.fuzz.TextValuesFuzz.fuzzerTestOneInput(input);
    }
}