"""Command that keeps a loop of stand-ins in a folder until it is killed."""

import asyncio
import sys
from pathlib import Path

from tests.support.perennial.running import a_manifest, running


async def main(folder: Path) -> None:
    async with running(folder, a_manifest()):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
