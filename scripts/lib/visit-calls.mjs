// A transform for the AssemblyScript compiler: the collector's `__visit` stays a call. It is called once for each global of a
// managed type, of which the translators have some two thousand, in one function; inlined there it makes a function so large
// that the optimizer takes minutes over it, and doubles the binary. The collector runs seldom.
import binaryen from "binaryen";

export default class VisitCalls {
  afterCompile(module) {
    binaryen.setPassArgument("no-inline", "*__visit");
    binaryen.wrapModule(module.ref).runPasses(["no-inline"]);
  }
}
