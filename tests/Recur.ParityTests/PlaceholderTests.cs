namespace Recur.ParityTests;
