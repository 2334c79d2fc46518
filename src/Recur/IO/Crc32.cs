using System.Buffers.Binary;

namespace Recur.IO;

/// <summary>The check sum of zip archives: CRC-32 of IEEE 802.3, reflected polynomial 0xEDB88320.</summary>
internal struct Crc32()
{
    private const int Slices = 8;

    // Table[s][b]: the sum of byte b followed by s zero bytes, so that eight bytes take eight look-ups and no loop.
    private static readonly uint[][] Table = MakeTable();

    private uint state = uint.MaxValue;

    public readonly uint Value => ~state;

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = new Crc32();
        crc.Append(bytes);
        return crc.Value;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        uint crc = state;
        uint[][] t = Table;
        for (; bytes.Length >= Slices; bytes = bytes[Slices..])
        {
            uint low = crc ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = t[7][low & 255] ^ t[6][(low >> 8) & 255] ^ t[5][(low >> 16) & 255] ^ t[4][low >> 24]
                ^ t[3][high & 255] ^ t[2][(high >> 8) & 255] ^ t[1][(high >> 16) & 255] ^ t[0][high >> 24];
        }

        foreach (byte b in bytes) crc = (crc >> 8) ^ t[0][(crc ^ b) & 255];
        state = crc;
    }

    private static uint[][] MakeTable()
    {
        const uint polynomial = 0xEDB88320;
        var table = new uint[Slices][];
        for (int s = 0; s < Slices; s++)
        {
            table[s] = new uint[256];
            for (uint b = 0; b < 256; b++)
            {
                uint crc = s == 0 ? b : table[s - 1][b];
                if (s > 0) crc = (crc >> 8) ^ table[0][crc & 255];
                else
                    for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ polynomial : crc >> 1;
                table[s][b] = crc;
            }
        }

        return table;
    }
}
