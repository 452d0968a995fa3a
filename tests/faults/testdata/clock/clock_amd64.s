#include "textflag.h"

// func skewClock()
TEXT ·skewClock(SB), NOSPLIT, $0-0
	MOVQ runtime·vdsoClockgettimeSym(SB), AX
	MOVQ AX, ·kernelClock(SB)
	LEAQ skewed<>(SB), AX
	MOVQ AX, runtime·vdsoClockgettimeSym(SB)
	RET

// int skewed(clockid_t which, struct timespec *now)
TEXT skewed<>(SB), NOSPLIT|NOFRAME, $0
	SUBQ $24, SP // as C aligns a stack
	MOVQ DI, 0(SP)
	MOVQ SI, 8(SP)
	MOVQ ·kernelClock(SB), AX
	CALL AX
	MOVQ 0(SP), DI
	MOVQ 8(SP), SI
	ADDQ $24, SP
	TESTL DI, DI // CLOCK_REALTIME is 0
	JNZ  monotonic
	MOVQ ·clockPage(SB), CX
	MOVQ (CX), CX
	ADDQ CX, (SI)
monotonic:
	RET
